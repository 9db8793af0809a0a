// Every stack of a shoot as a task of its own:
//   nextflow run contrib/nextflow/main.nf --card card --out stacked -resume

params.card = 'card'
params.out = 'stacked'

process SPLIT {
    input:
    path card

    output:
    path 'stacks.csv'

    script:
    """
    focusstack split '${card}' --yes --csv stacks.csv
    """
}

process STACK {
    publishDir params.out, mode: 'copy'
    cpus 2
    memory '2 GB'

    input:
    tuple val(name), path(frames)

    output:
    path name

    script:
    """
    focusstack run ${frames} -o '${name}' --quiet \
        --threads ${task.cpus} --memory ${task.memory.toMega()}M
    """
}

workflow {
    card = file(params.card, type: 'dir')
    SPLIT(card)
        .splitCsv(header: true)
        .map { row -> tuple(row.stack, card.resolve(row.file)) }
        .groupTuple()
        | STACK
}
