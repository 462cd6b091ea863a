// People and Marketing: a new value of a dimension needs a new row.
export const shows = (record) => Object.keys(record.scope).length === 1 && record.window !== "day";
