/** A comment with a command that may be about packages, and what it was written on. */
import type { Command } from "../../core/commands.ts";
import type { IssueComment, PullRequest } from "../../ports/github.ts";
import type { CommentInput } from "../command-loaded.ts";
import type { Deps } from "../deps.ts";
import type { EvidenceReads } from "../evidence.ts";
import type { SettingsReads } from "../site.ts";
import type { HeadReads } from "./judge-head.ts";
import type { MoveReads } from "./judge-move.ts";
import type { LoadedPackages } from "./scene.ts";

export type PackagesCommandDeps = Deps<"comment" | SettingsReads | EvidenceReads | HeadReads | MoveReads>;

export interface Loaded {
  readonly input: CommentInput;
  readonly comment: IssueComment;
  readonly pull_request: PullRequest;
  readonly commands: readonly Command[];
  readonly packages: LoadedPackages;
}
