import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { configJsonSchema } from '@saker/core'
import { schemaFile, withReference } from './config-reference.ts'

/** Writes what the documentation takes from the schema of the config file: the schema itself, and the tables of keys. */
const docs = resolve(import.meta.dirname, '../../docs')
const schema = configJsonSchema()
const page = resolve(docs, 'configuration.md')
await writeFile(resolve(docs, 'saker-config.schema.json'), schemaFile(schema))
await writeFile(page, withReference(await readFile(page, 'utf8'), schema))
