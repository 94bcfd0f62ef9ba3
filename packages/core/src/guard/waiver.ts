/** A person wants a response done now, whatever the guard's age says; for `released` ones, whatever its cap says too. */
export interface Waiver {
  readonly kind: 'released' | 'retried'
}
