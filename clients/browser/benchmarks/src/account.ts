import { randomUUID } from "node:crypto";

/** An account for one run. */
export interface Account {
  api: string;
  token: string;
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`POST ${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Registers an account with a random name and logs in. */
export async function makeAccount(api: string): Promise<Account> {
  const credentials = { username: `bench-${randomUUID().slice(0, 18)}`, password: randomUUID() };
  await post(`${api}/accounts`, credentials);
  const { token } = (await post(`${api}/sessions`, credentials)) as { token: string };
  return { api, token };
}

/** Deletes the file at a path, so that its bytes can be freed. */
export async function deleteFile({ api, token }: Account, path: string): Promise<void> {
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${api}/files?${new URLSearchParams({ path })}`, { headers });
  const { files } = (await answer.json()) as { files: { file_id: string }[] };
  for (const { file_id } of files) await fetch(`${api}/files/${file_id}`, { method: "DELETE", headers });
}
