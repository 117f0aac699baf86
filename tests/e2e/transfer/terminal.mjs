export const terminal = [];
