import type { FileContent } from '../bare-repository.ts'
import type { HostedRepository } from './hosted-repository.ts'

/** Which requests a fault strikes: a GraphQL operation by name, or a request by its method and path. */
type FaultMatch =
  | { readonly operation: string }
  | { readonly method: string; readonly path: RegExp }
  | { readonly any: true }

/** What goes wrong. */
export type FaultKind =
  /** Answered before anything happens. An object is sent as JSON, a text as it is. */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: unknown
    }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The connection ends before anything happens. */
  | { readonly kind: 'hang-up' }
  /** Everything happens, and the connection ends before the answer. */
  | { readonly kind: 'effect-then-hang-up' }
  /** Everything happens, and the connection ends inside the answer's body. */
  | { readonly kind: 'effect-then-cut-off' }
  /** Everything happens, and something else is answered. */
  | { readonly kind: 'effect-then-status'; readonly status: number; readonly body?: unknown }
  /** Somebody commits right before the request is handled. */
  | {
      readonly kind: 'foreign-commit'
      readonly repository: HostedRepository
      readonly files: Readonly<Record<string, FileContent>>
    }
  /** Something else happens right before the request is handled, told the request's path and body as one text. */
  | { readonly kind: 'meanwhile'; readonly act: (request: string) => Promise<void> }
  /** No answer until the double is closed. */
  | { readonly kind: 'never-answer' }

/** A fault, how often it strikes (once by default) and whom. */
export type Fault = FaultKind & { readonly match: FaultMatch; times?: number }

/** The first fault that strikes a request; it is used up by that. */
export function takeFault(
  faults: Fault[],
  request: { readonly method: string; readonly path: string; readonly operation: string | undefined },
): Fault | undefined {
  const at = faults.findIndex(({ match }) => matches(match, request))
  const fault = faults[at]
  if (fault === undefined) return undefined
  const left = (fault.times ?? 1) - 1
  if (left > 0) fault.times = left
  else faults.splice(at, 1)
  return fault
}

function matches(
  match: FaultMatch,
  {
    method,
    path,
    operation,
  }: { readonly method: string; readonly path: string; readonly operation: string | undefined },
): boolean {
  if ('any' in match) return true
  if ('operation' in match) return match.operation === operation
  return match.method === method && match.path.test(path)
}
