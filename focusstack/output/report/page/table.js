"use strict";
// Sorts tables by the heading that is chosen; what has no value comes last.
document.querySelectorAll("table.sortable").forEach((table) => {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];

  const key = (row, column) => {
    const text = row.cells[column].dataset.value;
    return text === undefined || text === "" ? null : Number(text);
  };

  const sort = (column, ascending) => {
    const sign = ascending ? 1 : -1;
    const rows = [...body.rows].map((row) => [key(row, column), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (a - b);
    });
    body.append(...rows.map(([, row]) => row));
    heads.forEach((head, k) => {
      if (k === column) head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  };

  heads.forEach((head, column) => {
    if (head.dataset.kind === "picture" || head.dataset.kind === "text") return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    // Numbers are most telling from the top, places and names from the beginning.
    const falling = head.dataset.kind === "number" || head.dataset.kind === "words";
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      sort(column, now ? now === "descending" : !falling);
    });
    head.replaceChildren(button);
  });
});

// What is linked to lies in parts that are folded.
document.querySelectorAll('a[href^="#"]').forEach((link) => {
  link.addEventListener("click", () => {
    const target = document.getElementById(link.hash.slice(1));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  });
});
