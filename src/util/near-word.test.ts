import { expect, it } from '@jest/globals'
import { nearWord } from './near-word.js'

it.each([
  { what: 'a letter that is missing', word: 'backendRef', words: ['backendRefs', 'filters'], want: 'backendRefs' },
  { what: 'the other number', word: 'match', words: ['matches', 'name'], want: 'matches' },
  { what: 'capitals', word: 'backendrefs', words: ['backendRefs'], want: 'backendRefs' },
  { what: 'two letters the other way round', word: 'hostnmaes', words: ['hostnames'], want: 'hostnames' },
  { what: 'another word', word: 'colour', words: ['hostnames', 'rules'], want: undefined },
  { what: 'two that it may be', word: 'port', words: ['ports', 'part'], want: undefined },
])('finds the word that was meant: $what', ({ word, words, want }) => {
  expect(nearWord(word, words)).toBe(want)
})
