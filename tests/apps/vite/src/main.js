document.querySelector("#app").textContent = `Hello from ${location.pathname}`;
