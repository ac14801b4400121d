module.exports = require('./table.js')('short', (country, city) => city + '.');
