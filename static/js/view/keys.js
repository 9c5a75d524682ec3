/** Single-key shortcuts, off while typing, in dialogs and with modifier keys. */

/** @param {EventTarget | null} target */
function typing(target) {
  return (
    target instanceof Element &&
    target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]") !== null
  );
}

/** @param {Record<string, (event: KeyboardEvent) => void>} actions by `event.key` */
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}
