// The least that a Worker can do: a fixed body, whoever asks for whatever. What it costs, the
// runtime costs.

export default {
  fetch: (_request, { BODY }) => new Response(BODY, { headers: { "content-type": "application/json" } }),
};
