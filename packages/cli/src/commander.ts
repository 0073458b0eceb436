// The library that reads command lines stands behind this file.
export { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
