/** Undoes percent-encoding. What is not validly encoded comes back as it is: nobody may crash Saker with a `%`. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
