/** The flags of a page, and the same flags in the format of each contender. */

/**
 * A flag is true for users whose attribute has one of a rule's values, then for a percentage of all users, else false.
 *
 * @typedef {{ key: string, rules: { attribute: string, values: string[] }[], percentage?: number }} Flag
 */

/** The visitor of all page views. Every contender's hash puts it out of 5 % and into 95 % of the users. */
export const visitor = "visitor-219";

/** What the pages ask for: whether the visitor gets the canary, and a first flag, which is true. */
const asked = (canaryPercentage) => [
  { key: "canary", rules: [], percentage: canaryPercentage },
  { key: "new-checkout", rules: [], percentage: 95 },
];

/** What the evaluation rates ask for. Half of all users get `half`; `five-rules` is true for those of group a. */
const rated = [
  { key: "half", rules: [], percentage: 50 },
  {
    key: "five-rules",
    rules: [
      { attribute: "plan", values: ["pro", "team"] },
      { attribute: "country", values: ["AT", "CH"] },
      { attribute: "language", values: ["de", "fr", "it"] },
      { attribute: "device", values: ["tablet"] },
      { attribute: "group", values: ["a"] },
    ],
  },
];

/** The flags of an ordinary page. @param {number} canaryPercentage @returns {Flag[]} */
export const ordinaryFlags = (canaryPercentage) => [
  ...asked(canaryPercentage),
  ...rated,
  ...manyFlags(6, "feature").slice(0, 6),
];

/** @param {number} count @returns {Flag[]} those of an ordinary page among them */
export const grownFlags = (count) => [...asked(5), ...rated, ...manyFlags(count - 4, "flag")];

/** One half has a percentage, the other a rule before it. @returns {Flag[]} */
function manyFlags(count, name) {
  return Array.from({ length: count }, (_, index) => {
    const rules = index % 2 ? [] : [{ attribute: "plan", values: ["pro", "team"] }];
    return { key: `${name}-${index}`, rules, percentage: 1 + (index % 99) };
  });
}

/** @param {Flag[]} flags @param {(flag: Flag) => unknown} convert */
const byKey = (flags, convert) => Object.fromEntries(flags.map((flag) => [flag.key, convert(flag)]));

/** The formats' texts. @type {Record<string, (flags: Flag[], assets?: object) => unknown>} */
export const formats = {
  plain: (flags) => byKey(flags, ({ rules, percentage }) => ({ rules, percentage })),

  canary: (flags, assets) => {
    const [canary, ...others] = flags;
    return {
      CANARY_PERCENTAGE: canary.percentage,
      FEATURE_FLAGS: byKey(others, ({ rules, percentage }) =>
        rules.length === 0
          ? percentage
          : {
              rules: rules.map(({ attribute, values }) => ({ if: { [attribute]: { $in: values } }, serve: true })),
              percentage,
            },
      ),
      ASSETS: assets,
    };
  },

  growthbook: (flags) => ({
    features: byKey(flags, ({ rules, percentage }) => ({
      defaultValue: false,
      rules: [
        ...rules.map(({ attribute, values }) => ({ condition: { [attribute]: { $in: values } }, force: true })),
        ...(percentage === undefined
          ? []
          : [{ force: true, coverage: percentage / 100, hashAttribute: "id", hashVersion: 2 }]),
      ],
    })),
  }),

  flagd: (flags) => ({
    flags: byKey(flags, ({ rules, percentage = 0 }) => ({
      state: "ENABLED",
      variants: { on: true, off: false },
      defaultVariant: "off",
      targeting: {
        if: [
          ...rules.flatMap(({ attribute, values }) => [{ in: [{ var: attribute }, values] }, "on"]),
          {
            fractional: [
              ["on", percentage],
              ["off", 100 - percentage],
            ],
          },
        ],
      },
    })),
  }),

  flipt: (flags) => {
    const times = { createdAt: "2026-01-01T00:00:00Z", updatedAt: "2026-01-01T00:00:00Z" };
    const text = (key) => ({ key, name: key, description: "", ...times });
    const segment = ({ attribute, values }) => ({
      ...text(`${attribute}-${values.join("-")}`),
      matchType: "ALL_SEGMENT_MATCH_TYPE",
      constraints: [
        {
          id: attribute,
          type: "STRING_CONSTRAINT_COMPARISON_TYPE",
          property: attribute,
          operator: "isoneof",
          value: JSON.stringify(values),
        },
      ],
    });
    return {
      namespace: { key: "default" },
      flags: flags.map(({ key, rules, percentage }) => ({
        ...text(key),
        enabled: false,
        type: "BOOLEAN_FLAG_TYPE",
        rules: [],
        rollouts: [
          ...rules.map((rule, index) => ({
            type: "SEGMENT_ROLLOUT_TYPE",
            rank: index + 1,
            segment: { value: true, segmentOperator: "OR_SEGMENT_OPERATOR", segments: [segment(rule)] },
          })),
          ...(percentage === undefined
            ? []
            : [{ type: "THRESHOLD_ROLLOUT_TYPE", rank: rules.length + 1, threshold: { percentage, value: true } }]),
        ],
      })),
    };
  },

  configcat: (flags) => {
    const on = { v: { b: true }, i: "on" };
    const off = { v: { b: false }, i: "off" };
    return {
      p: { u: "", r: 0, s: "salt" },
      f: byKey(flags, ({ rules, percentage }) => ({
        t: 0,
        r: rules.map(({ attribute, values }) => ({ c: [{ u: { a: attribute, c: 0, l: values } }], s: on })),
        p:
          percentage === undefined
            ? []
            : [
                { p: percentage, ...on },
                { p: 100 - percentage, ...off },
              ],
        ...off,
      })),
    };
  },
};
