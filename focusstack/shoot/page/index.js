"use strict";
// Sorts the table by the heading that is chosen, and shows the rows that are asked for.
(() => {
  const table = document.getElementById("stacks");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const form = document.querySelector(".controls");
  const find = document.getElementById("find");
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;

  const value = (row, column) => row.cells[column].dataset.value ?? "";

  const sort = (column, ascending) => {
    const numeric = heads[column].dataset.kind !== "name";
    const sign = ascending ? 1 : -1;
    const rows = [...body.rows].map((row) => [value(row, column), row]);
    rows.sort(([a], [b]) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      return sign * (numeric ? Number(a) - Number(b) : compare(a, b));
    });
    body.append(...rows.map(([, row]) => row));
    heads.forEach((head, k) => {
      if (k === column) head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  };

  table.tHead.classList.add("sorts");
  heads.forEach((head, column) => {
    if (head.dataset.kind === "picture") return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    const falling = head.dataset.kind !== "name";
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      sort(column, now ? now === "descending" : !falling);
    });
    head.replaceChildren(button);
  });

  const wanted = { bad: ["look", "fail", "failed"] };
  const show = () => {
    const kind = form.elements.show.value;
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      const fits = kind === "all" || (wanted[kind] ?? [kind]).includes(row.dataset.kind);
      row.hidden = !(fits && words.every((word) => text.includes(word)));
      count += !row.hidden;
    }
    document.getElementById("shown").textContent = `${count} of ${body.rows.length} shown`;
  };

  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
})();
