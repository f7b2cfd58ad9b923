import { Ajv, type ErrorObject } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { JsonSchema } from 'millrace'

/** What a Standard Schema is, as far as a JSON Schema can be one (standardschema.dev, version 1). */
interface Standard {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => { readonly value: unknown } | { readonly issues: readonly Issue[] }
  }
}

interface Issue {
  readonly message: string
  readonly path: readonly (string | number)[]
}

/**
 * A JSON Schema as a schema that contracts take: of draft 2020-12, unless its `$schema` names draft 2019-09, 07 or 06.
 * Formats that nobody knows are not checked.
 * @throws what the validator says of a schema that it cannot use
 */
export function schemaOf(schema: JsonSchema): Standard {
  const draft = typeof schema === 'object' ? String(schema.$schema) : ''
  const Validator = draft.includes('draft-0') ? Ajv : draft.includes('2019-09') ? Ajv2019 : Ajv2020
  const ajv = new Validator({ strict: false, allErrors: true, logger: false })
  formats.default(ajv)
  const validates = ajv.compile(schema)
  const validate = (value: unknown) => (validates(value) ? { value } : { issues: issuesOf(validates.errors ?? []) })
  return { '~standard': { version: 1, vendor: 'json-schema', validate } }
}

/** Schema libraries give a pattern beside a format, as few validators know formats: one of them is enough to tell. */
function issuesOf(errors: readonly ErrorObject[]): readonly Issue[] {
  const formats = new Set(errors.filter(({ keyword }) => keyword === 'format').map(({ instancePath }) => instancePath))
  return errors.filter(({ keyword, instancePath }) => keyword !== 'pattern' || !formats.has(instancePath)).map(issueOf)
}

function issueOf({ instancePath, message, keyword, params }: ErrorObject): Issue {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((name) => (/^\d+$/.test(name) ? Number(name) : name))
  const reason =
    keyword === 'additionalProperties' ? `has the unknown property '${params.additionalProperty}'` : message
  return { path, message: reason ?? `breaks the rule '${keyword}'` }
}
