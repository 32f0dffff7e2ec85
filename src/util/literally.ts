/** The text where Envoy expands `%…%`, as itself: its operators tell also what is the proxy's own, such as its environment. */
export function literally(text: string): string {
  return text.replaceAll('%', '%%')
}
