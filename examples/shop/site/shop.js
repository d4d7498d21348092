// The page's own button opens the chat, too.
document.getElementById("ask").addEventListener("click", () => window.Switchboard?.open());
