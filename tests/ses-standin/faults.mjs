// A plan of what goes wrong. Rules are tried in order; the first that matches, is not used up and wins its toss applies.

export const MODES = [
  "ok", // nothing
  "throttle", // 429, sending rate exceeded
  "daily-quota", // 429, the account's 24 hours are used up
  "paused", // 400, the account's sending is paused
  "fail500",
  "fail503",
  "reject", // 400 MessageRejected: for good
  "hang", // never answers, not accepted
  "hang-after", // accepted, never answers
  "reset-before", // connection reset, not accepted
  "reset-after", // accepted, then connection reset
  "accept-and-drop", // accepted, then connection closed without an answer
  "sink", // accepted, counted, not kept
  "slow", // accepted, answered after delayMs (2,000 if not given)
];

export class FaultPlan {
  #rules = [];
  #random = Math.random;

  /** One rule or a list: { mode, times?, probability?, delayMs?, match?, seed? }. Throws on anything unknown. */
  set(plan) {
    const rules = (Array.isArray(plan) ? plan : [plan]).map((rule) => {
      if (rule === null || typeof rule !== "object") throw new Error("a fault is an object");
      const { mode, times = null, probability = 1, delayMs = 0, match = "", seed, ...unknown } = rule;
      if (!MODES.includes(mode)) throw new Error(`mode must be one of ${MODES.join(", ")}`);
      if (Object.keys(unknown).length > 0) throw new Error(`unknown: ${Object.keys(unknown).join(", ")}`);
      if (times !== null && !(Number.isInteger(times) && times >= 0)) throw new Error("times is a whole number or null");
      if (!(probability >= 0 && probability <= 1)) throw new Error("probability is between 0 and 1");
      if (!(delayMs >= 0)) throw new Error("delayMs is not negative");
      if (typeof match !== "string") throw new Error("match is part of a recipient's address");
      if (seed !== undefined) this.#random = seeded(seed);
      return { mode, times, probability, delayMs, match: match.toLowerCase(), hits: 0 };
    });
    this.#rules = rules;
  }

  /** What happens to a mail to these recipients. */
  next(recipients) {
    for (const rule of this.#rules) {
      if (rule.times !== null && rule.hits >= rule.times) continue;
      if (rule.match && !recipients.some((address) => address.toLowerCase().includes(rule.match))) continue;
      if (rule.probability < 1 && this.#random() >= rule.probability) continue;
      rule.hits += 1;
      return { mode: rule.mode, delayMs: rule.delayMs };
    }
    return { mode: "ok", delayMs: 0 };
  }

  toJSON() {
    return this.#rules;
  }
}

/** Mulberry32: small, and the same on every machine. */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
