// A grader from a table; of Lima it says nothing that can be read.
module.exports = class {
  id() { return 'grader'; }
  async callApi(prompt) {
    if (prompt.includes('Lima')) return { output: 'I would rather not say.' };
    const score = prompt.includes('Barcelona') ? 0.25 : 0.75;
    return { output: JSON.stringify({ pass: score > 0.5, score, reason: 'read from a table' }) };
  }
};
