// What the page asks the server for.
const api = new URL("api/", document.baseURI);

export class Refusal extends Error {
  // gone: the server did not answer, or it is another one that does not know this page.
  constructor(message, remedy = "", gone = false) {
    super(message);
    this.remedy = remedy;
    this.gone = gone;
  }
}

// Text as part of an address. Names of files may hold bytes that are no text, which Python tells as
// halves of a pair from U+DC80 on.
export const inAddress = (text) =>
  text
    .split(/([\ud800-\udfff])/u)
    .map((part) => (/^[\udc80-\udcff]$/u.test(part) ? `%${(part.charCodeAt(0) - 0xdc00).toString(16)}` : encodeURIComponent(part.replace(/[\ud800-\udfff]/gu, "\ufffd"))))
    .join("");

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(new URL(path, api), { credentials: "omit", ...options });
  } catch {
    throw new Refusal("the server does not answer", "", true);
  }
  if (answer.status === 404 && path === "state") {
    throw Object.assign(new Refusal("this result was closed", "", true), { closed: true });
  }
  if (answer.status === 403) throw new Refusal("the server was started again", "", true);
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    throw new Refusal(told.error || `that did not work (${answer.status})`, told.remedy || "");
  }
  return answer;
}

export const json = async (path) => (await ask(path)).json();

export const state = () => json("state");

export async function bytes(path) {
  return (await ask(path)).arrayBuffer();
}

export async function block(of, level, column, row, space = "srgb") {
  const path = `block/${level}/${column}/${row}?of=${inAddress(of)}&space=${space}`;
  const answer = await ask(path);
  const [width, height] = answer.headers.get("X-Size").split(" ").map(Number);
  return { width, height, data: new Uint8ClampedArray(await answer.arrayBuffer()) };
}

export async function act(name, data = {}) {
  const answer = await ask(name, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data),
  });
  return answer.json();
}

export const thumbnail = (index) => new URL(`thumbnail/${index}`, api).href;
