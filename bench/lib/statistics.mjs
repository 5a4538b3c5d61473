/** The value that `percent` of the samples do not exceed (nearest rank). */
export function percentile(samples, percent) {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

export const median = (samples) => percentile(samples, 50);
