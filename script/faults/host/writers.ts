/** People who write and read throughout: comments, uploads, pages. They note what they tried and what the site said it took. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Site } from "../../../test/lab/site.ts";
import { type Acknowledged, loadPage, pay, postComment } from "../../../test/lab/visits.ts";

/** A must-use plugin of both code trees: an upload in one request, as a form of a site takes it. */
export const UPLOADER = `<?php
if ( isset( $_POST['lab_upload'] ) ) {
	$lab_name = preg_replace( '/[^0-9a-f-]/', '', $_POST['lab_upload'] );
	$lab_path = dirname( __DIR__ ) . "/uploads/$lab_name.txt";
	$lab_done = file_put_contents( "$lab_path.part", $lab_name ) === strlen( $lab_name ) && rename( "$lab_path.part", $lab_path );
	http_response_code( $lab_done ? 201 : 500 );
	exit( $lab_done ? "kept $lab_name" : 'not kept' );
}
`;

export type Written = {
  readonly comments: readonly Acknowledged[];
  /** Names of uploaded files. */
  readonly uploads: readonly string[];
  /** Texts of comments and names of files that were tried; those that nobody acknowledged may be there or not. */
  readonly tried: readonly string[];
  readonly requests: number;
  readonly failures: readonly string[];
  /** Pages that showed old and new at once. */
  readonly mixed: readonly string[];
  /** Longest time from the start of a request to its end, in milliseconds. */
  readonly longest_ms: number;
};
export type Writers = { readonly stop: () => Promise<Written> };

type Notes = {
  -readonly [K in keyof Written]: Written[K] extends readonly (infer T)[] ? T[] : Written[K];
};

/** Between two requests of a person, in milliseconds: while an activation is being made or watched over, and at other times. */
const PAUSE = { busy: 150, calm: 1_500 };

/** From shortly before the switch until its confirmation the host keeps a file that says how to go back. */
function isSwitching(site: Site): boolean {
  try {
    return readdirSync(path.join(site.root, ".belay/watchdog")).some((name) => name.endsWith(".json"));
  } catch {
    return false;
  }
}

export function letWritersIn(site: Site, posts: readonly number[]): Writers {
  const notes: Notes = {
    comments: [],
    uploads: [],
    tried: [],
    requests: 0,
    failures: [],
    mixed: [],
    longest_ms: 0,
  };
  let open = true;
  const people = [comment, upload, read, read].map(async (act, index) => {
    for (let turn = index; open; turn++) {
      const started = performance.now();
      await act(site, posts[turn % posts.length] ?? 1, notes);
      notes.longest_ms = Math.max(notes.longest_ms, Math.round(performance.now() - started));
      notes.requests += 1;
      await sleep(isSwitching(site) ? PAUSE.busy : PAUSE.calm);
    }
  });
  return {
    stop: async () => {
      open = false;
      await Promise.all(people);
      return notes;
    },
  };
}

async function comment(site: Site, post: number, notes: Notes): Promise<void> {
  const visit = postComment(post, "a writer");
  if (visit.options.body instanceof URLSearchParams)
    notes.tried.push(visit.options.body.get("comment") ?? "");
  const judgement = await pay(site, visit);
  if (judgement.kind === "comment") notes.comments.push(judgement.comment);
  if (judgement.kind === "failure") notes.failures.push(judgement.reason);
}

async function upload(site: Site, _post: number, notes: Notes): Promise<void> {
  const name = crypto.randomUUID();
  notes.tried.push(`${name}.txt`);
  try {
    const body = new URLSearchParams({ lab_upload: name });
    const response = await fetch(`${site.url}/`, {
      method: "POST",
      body,
      signal: AbortSignal.timeout(60_000),
    });
    if (response.status === 201 && (await response.text()) === `kept ${name}`)
      notes.uploads.push(`${name}.txt`);
    else notes.failures.push(`upload: status ${response.status}`);
  } catch (error) {
    notes.failures.push(String(error));
  }
}

async function read(site: Site, post: number, notes: Notes): Promise<void> {
  const judgement = await pay(site, loadPage(post % 2 === 0 ? "/" : `/?p=${post}`));
  if (judgement.kind !== "failure") return;
  (judgement.mixed ? notes.mixed : notes.failures).push(judgement.reason);
}
