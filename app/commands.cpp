#include <array>

#include "app/command.h"

namespace attnviz {

extern const CommandDescriptor kVisualizeCommand;
extern const CommandDescriptor kAnalyzeCommand;
extern const CommandDescriptor kCompareCommand;
extern const CommandDescriptor kExportCommand;
extern const CommandDescriptor kTokenizeCommand;
extern const CommandDescriptor kModelsCommand;
extern const CommandDescriptor kFamiliesCommand;
extern const CommandDescriptor kDoctorCommand;

std::span<const CommandDescriptor* const> commands() {
    static const std::array kCommands{&kVisualizeCommand, &kAnalyzeCommand,  &kCompareCommand,
                                      &kExportCommand,    &kTokenizeCommand, &kModelsCommand,
                                      &kFamiliesCommand,  &kDoctorCommand};
    return kCommands;
}

}  // namespace attnviz
