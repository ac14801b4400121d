module.exports = require('./table.js')('long', (country, city) => 'The capital of ' + country + ' is ' + city + '.');
