/** What there is to see: until the tab is built, this page lists the latent spaces that were logged. */

/** Called by TensorBoard once the page is there. */
export async function render() {
  const list = document.createElement("ul");
  const title = document.createElement("h3");
  title.textContent = "Latent spaces";
  document.body.append(title, list);
  document.body.style.fontFamily = "Roboto, sans-serif";
  const response = await fetch("./runs");
  if (!response.ok) {
    title.textContent = `The list of runs could not be read: ${response.status}`;
    return;
  }
  const runs = await response.json();
  for (const [run, spaces] of Object.entries(runs)) {
    for (const [name, space] of Object.entries(spaces)) {
      const item = document.createElement("li");
      const logged = space.logged ?? "an unknown number of";
      item.textContent = space.error
        ? `${run} / ${name}: ${space.error}`
        : `${run} / ${name}: ${space.points} points of ${space.dims} numbers; ${space.kept} of ${logged} steps kept`;
      list.append(item);
    }
  }
  if (!list.children.length) {
    title.textContent = "No latent space was logged here. tb_plugin.summary.LatentWriter logs one.";
  }
}
