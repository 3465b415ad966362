export interface StateStore {}
export type RunPoller = () => Promise<number>;
