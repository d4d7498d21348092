// The forms of an id under which the table is searched, as in src/model/catalogue.c.
export function versionless(vendor, id) {
  const forms = [id];
  let rest = id;
  for (let i = 0; i < 3; i++) {
    const cut =
      /^(.+)-\d{4}-\d\d-\d\d$/.exec(rest) ?? /^(.+)[-@]\d{8}$/.exec(rest) ?? /^(.+)-latest$/.exec(rest) ??
      (vendor === 'google'
        ? (/^(.+)-\d{3}$/.exec(rest) ?? /^(.+)-(?:preview|exp)$/.exec(rest) ??
          /^(.+)-preview-(?:\d\d-\d\d|\d\d-\d{4})$/.exec(rest) ?? /^(.+)-exp-\d{4}$/.exec(rest))
        : null);
    if (!cut) break;
    rest = cut[1];
    forms.push(rest);
  }
  return forms;
}
