//! Counts words.
use hurtig::prelude::*;

fn main() -> Result<()> {
    let (env, _) = StreamExecutionEnvironment::from_args()?;
    let text = env.from_collection(["to be or not to be", "that is the question"].map(String::from));
    text.flat_map(|line| line.split(' ').map(|word| (word.to_owned(), 1u64)).collect::<Vec<_>>())
        .key_by_ref(|(word, _)| word)
        .sum(|(_, count)| count)
        .print();
    env.execute("Word Count")?;
    Ok(())
}
