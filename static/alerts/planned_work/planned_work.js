/* A device that is chosen from the list joins the devices of the work. Without this, they are typed. */
const picker = document.querySelector("[data-device-picker]");

if (picker) {
  const choice = picker.querySelector("input");
  const devices = document.getElementById("id_any_names");
  const known = new Set([...choice.list.options].map((option) => option.value));
  const add = () => {
    const name = choice.value.trim();
    if (!name) return;
    const names = devices.value.split(/[,\n]/).map((each) => each.trim()).filter(Boolean);
    if (!names.includes(name)) devices.value = [...names, name].join(", ");
    choice.value = "";
  };
  picker.hidden = false;
  choice.addEventListener("input", (event) => {
    // Typing goes on: PLC-1 may become PLC-12. A choice from the list replaces the text.
    if (!["insertReplacementText", undefined].includes(event.inputType)) return;
    if (known.has(choice.value)) add();
  });
  choice.addEventListener("change", add);
  choice.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !choice.value.trim()) return;
    event.preventDefault(); // Enter takes the device; it sends the form from everywhere else
    add();
  });
}
