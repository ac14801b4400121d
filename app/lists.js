// Streamlit puts the navigation's sections as plain boxes into a list, which leaves list entries outside any list.
// The outer element is named a group and every section a list, so that screen readers count entries per section.
if (!window.cjeAuditLists) {
  window.cjeAuditLists = true;
  const name = () => {
    for (const nav of document.querySelectorAll("ul[data-testid=stSidebarNavItems]")) {
      if (nav.querySelector(":scope > div")) nav.setAttribute("role", "group");
      for (const entry of nav.querySelectorAll("div > li, div > div > li")) {
        if (entry.parentElement !== nav) entry.parentElement.setAttribute("role", "list");
      }
    }
  };
  name();
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
}
