// Answers by country; Spain is wrong and Kenya ends in an error.
const CITIES = { France: 'Paris', Italy: 'Rome', Spain: 'Barcelona', Japan: 'Tokyo', Peru: 'Lima' };
module.exports = (id, say) => class {
  id() { return id; }
  async callApi(prompt) {
    const country = Object.keys(CITIES).find((name) => prompt.includes(name));
    if (!country) return { error: 'the server went away' };
    return { output: say(country, CITIES[country]), finishReason: 'stop', tokenUsage: { total: 16, prompt: 9, completion: 7 } };
  }
};
