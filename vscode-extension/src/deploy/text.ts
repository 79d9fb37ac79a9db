/** Foreign text, made fit to be shown, logged and kept. */

const LOGIN = /\b(https?:\/\/)[^\s/?#]*@/gi;
const PASSWORD = /\b([a-z][a-z0-9+.-]*:\/\/[^\s/?#:@]*):[^\s/?#]*@/gi;

/** A URL, or a text with URLs, without their tokens and passwords. The user of an ssh URL stays: without it, it is another URL. */
export function withoutLogin(text: string): string {
  return text.replace(LOGIN, "$1").replace(PASSWORD, "$1@");
}

/** For items of picks: `$(date)` of a command is no icon. A joiner without width keeps the editor from seeing one. */
export function plain(text: string): string {
  return text.replaceAll("$(", "$\u200D(");
}
