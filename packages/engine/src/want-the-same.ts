import { stopsWorkload, type Config } from '@saker/core'

/** Whether a response, by its name, may stop a workload: one that the config does not know any more may. */
export function mayStop(response: string, responses: Config['responses']): boolean {
  return responses.find(({ name }) => name === response)?.actions.some(stopsWorkload) ?? true
}

/** Whether two responses, by their names, want the same of a workload: they are one, or both may stop it. */
export function wantTheSame(one: string, other: string, responses: Config['responses']): boolean {
  return one === other || (mayStop(one, responses) && mayStop(other, responses))
}
