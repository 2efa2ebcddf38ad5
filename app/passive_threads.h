// OMP_WAIT_POLICY=passive from the first instruction on, for what will run a model.
//
// libgomp reads the policy when it is loaded, and its threads spin without it, which doubles the time of a
// run where the cores are busy. The engine loader sets it just before it loads LibTorch; but Qt brings
// libgomp along from the start (Qt6Core needs libb2, which needs libgomp). So the program then starts itself
// once more, with the policy set.
#pragma once

namespace attnviz {

// Returns where nothing has to be done: the user set a policy, libgomp is not loaded, or starting anew fails.
void startWithPassiveThreads(char** arguments);

}  // namespace attnviz
