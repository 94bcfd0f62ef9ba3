import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Config, Tree } from '@saker/core'
import { layoutOf, warmLayout, type Layout } from '@saker/manifest'
import { layoutSourcesOf } from './layout-sources.ts'

/** Remembers the layout that was made last, because a lane asks for the same one until its branch moves. */
export class Layouts {
  #last: { readonly config: Config; readonly trees: ReadonlyMap<string, Tree>; readonly layout: Layout } | undefined

  /** The layout of these trees, each by its repository's name. Large trees are read in slices, so that other lanes go on. */
  async at(config: Config, trees: ReadonlyMap<string, Tree>): Promise<Layout> {
    const last = this.#last
    const isSame = last?.config === config && [...trees].every(([name, tree]) => last.trees.get(name) === tree)
    if (last !== undefined && isSame && last.trees.size === trees.size) return last.layout
    for (const tree of trees.values()) {
      await warmLayout(tree, { pause: () => nextTurn(), now: () => performance.now() })
    }
    const layout = layoutOf(layoutSourcesOf(config, trees))
    this.#last = { config, trees, layout }
    return layout
  }
}
