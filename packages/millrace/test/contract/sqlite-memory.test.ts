import { storeContract, storeModel, transportContract } from '@millrace/testing/contract'
import { sqlite } from 'millrace/sqlite'

const open = () => ({ engine: sqlite(':memory:') })

storeContract('sqlite in memory', open)
transportContract('sqlite in memory', open)
storeModel('sqlite in memory', open)
