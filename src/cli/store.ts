// `verbatim store`: the embedded event store alone, and the care of its folder. Its arguments are its own; see src/embedded/.
import type { Command } from 'commander'

export function addStore(program: Command): void {
  program
    .command('store')
    .description('run the embedded event store alone; check its folder, or copy it to a backup')
    .usage(
      '--port P --dir D [--host H] [--advertise H:P] [--certificate F --private-key F [--users F]] | check --dir D | backup --dir D --to D',
    )
    .argument('[arguments...]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (argv: string[]) => {
      const { runStoreCommand } = await import('../embedded/index.ts')
      process.exit(await runStoreCommand(argv))
    })
}
