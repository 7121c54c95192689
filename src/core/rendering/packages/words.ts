/** All words about packages that people read, under one name. */
export * from "./answers.ts";
export * from "./checks.ts";
export * from "./comment.ts";
export * from "./commit.ts";
export * from "./operations.ts";
export * from "./states.ts";
