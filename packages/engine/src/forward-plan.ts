import { laneOf, type Forward, type Repository, type ResponseJob } from '@saker/core'
import type { Plan } from './plan-responses.ts'
import type { RespondDependencies } from './respond-batch.ts'

/** The responses of a plan whose edit lies in another repository, each with the lane that writes there. */
export function forwardsOf(
  { elsewhere }: Plan,
  jobs: readonly ResponseJob[],
  deps: RespondDependencies,
): readonly (readonly [id: string, forward: Forward])[] {
  return jobs.flatMap((job) => {
    const repository = deps.config.repositories.find(({ name }) => name === elsewhere.get(job.id))
    return repository === undefined ? [] : [[job.id, forwardTo(repository, job, deps)] as const]
  })
}

/** A response whose edit lies in another repository goes on in the lane that writes there. */
function forwardTo(repository: Repository, job: ResponseJob, deps: RespondDependencies): Forward {
  const wanted = deps.config.responses.find(({ name }) => name === job.response)?.delivery
  const own = wanted ?? deps.config.repositories.find(({ name }) => name === deps.repository)?.delivery
  // This lane only observes what is to be written: then it is a dry run, there as here.
  const there = deps.delivery === 'observe' && own !== 'observe' ? 'observe' : (wanted ?? repository.delivery)
  return { outcome: 'forwarded', lane: laneOf(repository, there).slug }
}
