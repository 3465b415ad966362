/** Says that changed settings wait for the next start, alike wherever it is said. */

/** @param settings names, one or more, as they stand in the settings file */
export function restartWords(settings: readonly string[]): string {
  const [was, holds] = settings.length === 1 ? ["was", "holds"] : ["were", "hold"];
  return `${settings.join(", ")} ${was} changed in the settings and ${holds} only from the next start of the poller`;
}
