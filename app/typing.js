// Streamlit sends a text area's content when it loses focus or Ctrl+Enter is pressed.
// The experiment text is checked as it is typed: after a short pause, press Ctrl+Enter for the person.
if (!window.cjeAuditTyping) {
  window.cjeAuditTyping = true;
  let pause;
  document.addEventListener("input", (event) => {
    if (!event.target.matches(".st-key-experiment_draft textarea")) return;
    clearTimeout(pause);
    const box = event.target;
    pause = setTimeout(() => {
      box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", ctrlKey: true, bubbles: true }));
    }, 500);
  });
}
