/** The name under which the kernel keeps the fence, for whoever asks the kernel and makes no rules. */

export const tableName = "watchkeeper";
