/** How long to wait after so many failures, in milliseconds. Full jitter: two writers that collided once must not collide again. */
export function retryPauseMs(failures: number, random: number): number {
  return Math.min(2000, 50 * 2 ** failures) * random
}
