import { ResponseError } from '@saker/core'
import { findWorkload, planActions } from '@saker/manifest'
import { layoutOfCase, actionsOf } from './support/kustomize/plan-target.ts'
import { sightingOf } from './support/kustomize/pod-of.ts'
import { readLayoutCases, fitsDifference } from './support/kustomize/layout-case.ts'
import { caseDiff, editedFiles } from './support/kustomize/case-diff.ts'
import { renderWorld } from './support/kustomize/render-world.ts'
import { brokenRoots, renderedDifference } from './support/kustomize/rendered-difference.ts'
const only = process.argv[2]
const show = process.argv.includes('-v')
const real = !process.argv.includes('--plan')
let ok = 0,
  bad = 0
for (const layout of readLayoutCases()) {
  if (only && only !== 'all' && !layout.name.match(only)) continue
  const model = layoutOfCase(layout)
  let before: any
  for (const t of layout.targets) {
    const title = `${layout.name}: ${t.name}`
    const say = (s: string) => {
      bad++
      console.log(`✗ ${title}: ${s}`)
    }
    const cluster =
      t.cluster ?? Object.keys(Object.assign({}, ...layout.repositories.map((r) => r.clusters ?? {})))[0] ?? 'default'
    const e: any = t.expected
    try {
      const found = findWorkload(model, cluster, sightingOf(t))
      const start = performance.now()
      const plan = planActions({ layout: model, found, actions: actionsOf([...t.actions]) })
      const ms = performance.now() - start
      if (plan.kind === 'unchanged') {
        if (e.unchanged) ok++
        else say('unchanged')
        continue
      }
      const edits = new Map<string, Map<string, string | null>>()
      for (const f of plan.edits) {
        const m = edits.get(f.repository) ?? new Map()
        m.set(f.path, f.text)
        edits.set(f.repository, m)
      }
      if (show)
        (console.log(
          title,
          Math.round(ms) + 'ms',
          JSON.stringify(plan.layer),
          plan.warnings,
          plan.places.map((p) => p.path + '#' + p.document.kind + ':' + p.pointer),
        ),
          console.log(caseDiff(layout, edits)))
      if (e.refused) {
        say(`planned, expected ${e.refused}`)
        continue
      }
      let fault = ''
      if (e.layer && e.layer !== plan.layer.kind) fault += ` layer ${plan.layer.kind}≠${e.layer}`
      if (e.consumers && e.consumers !== plan.layer.consumers)
        fault += ` consumers ${plan.layer.consumers}≠${e.consumers}`
      for (const w of e.warnings ?? [])
        if (!plan.warnings.some((x) => x.includes(w))) fault += ` no warning ${w} in ${JSON.stringify(plan.warnings)}`
      try {
        const found2 = findWorkload(plan.layout, cluster, sightingOf(t))
        const again = planActions({ layout: plan.layout, found: found2, actions: actionsOf([...t.actions]) })
        if (again.kind !== 'unchanged') fault += ' NOT IDEMPOTENT ' + JSON.stringify(again.edits)
      } catch (x) {
        const c = (x as ResponseError).code
        if (!(c === 'WORKLOAD_NOT_FOUND' && t.workload?.includes('/Pod/'))) fault += ' again: ' + x
      }
      if (real) {
        before ??= await renderWorld(layout.worldWith())
        const after = await renderWorld(layout.worldWith(editedFiles(layout, edits)))
        const actual = renderedDifference(before, after)
        const want: any[] = e.rendered ?? []
        const broken = brokenRoots(before, after)
        if (broken.length) fault += ' BROKEN ' + broken.join()
        const un = actual.filter((a) => !want.some((w) => fitsDifference(w, a)))
        if (un.length) fault += ' UNEXPECTED ' + JSON.stringify(un)
        const missing = want.filter((w) => !actual.some((a) => fitsDifference(w, a)))
        if (missing.length) fault += ' MISSING ' + JSON.stringify(missing)
      }
      if (fault) {
        say(fault)
        if (!show) console.log(caseDiff(layout, edits))
      } else ok++
    } catch (x) {
      if (!(x instanceof ResponseError)) {
        bad++
        console.log('✗✗', title, (x as Error).stack?.slice(0, 600))
        continue
      }
      const codes = [e.refused].flat()
      if (
        codes.includes(x.code) &&
        (!e.message || x.message.includes(e.message) || JSON.stringify(x.details).includes(e.message))
      )
        ok++
      else
        say(
          `refused ${x.code}: ${x.message} expected ${JSON.stringify(e.refused ?? e.layer)} ${e.message ?? ''} ${JSON.stringify(x.details['reasons'] ?? '')}`,
        )
      if (show) console.log(title, x.code, x.message, x.details['reasons'])
    }
  }
}
console.log({ ok, bad })
