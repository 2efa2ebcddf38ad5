#include "core/torch/families.h"

#include <array>

namespace attnviz {

extern const FamilyDescriptor kGpt2Family;
extern const FamilyDescriptor kLlamaFamily;
extern const FamilyDescriptor kMistralFamily;
extern const FamilyDescriptor kQwen2Family;
extern const FamilyDescriptor kQwen3Family;
extern const FamilyDescriptor kGemmaFamily;
extern const FamilyDescriptor kGemma2Family;
extern const FamilyDescriptor kPhi3Family;
extern const FamilyDescriptor kPhiFamily;
extern const FamilyDescriptor kGptNeoxFamily;
extern const FamilyDescriptor kGptNeoFamily;
extern const FamilyDescriptor kGptjFamily;
extern const FamilyDescriptor kOptFamily;
extern const FamilyDescriptor kBloomFamily;
extern const FamilyDescriptor kFalconFamily;
extern const FamilyDescriptor kBertFamily;
extern const FamilyDescriptor kDistilBertFamily;
extern const FamilyDescriptor kRobertaFamily;
extern const FamilyDescriptor kXlmRobertaFamily;
extern const FamilyDescriptor kCamembertFamily;
extern const FamilyDescriptor kAlbertFamily;
extern const FamilyDescriptor kElectraFamily;
extern const FamilyDescriptor kModernBertFamily;
extern const FamilyDescriptor kT5Family;
extern const FamilyDescriptor kMt5Family;
extern const FamilyDescriptor kBartFamily;
extern const FamilyDescriptor kMbartFamily;
extern const FamilyDescriptor kMarianFamily;
extern const FamilyDescriptor kPegasusFamily;

std::span<const FamilyDescriptor* const> families() {
    static const std::array kFamilies{
        &kGpt2Family,   &kLlamaFamily,      &kMistralFamily,    &kQwen2Family,      &kQwen3Family,
        &kGemmaFamily,  &kGemma2Family,     &kPhi3Family,       &kPhiFamily,        &kGptNeoxFamily,
        &kGptNeoFamily, &kGptjFamily,       &kOptFamily,        &kBloomFamily,      &kFalconFamily,
        &kBertFamily,   &kDistilBertFamily, &kRobertaFamily,    &kXlmRobertaFamily, &kCamembertFamily,
        &kAlbertFamily, &kElectraFamily,    &kModernBertFamily, &kT5Family,         &kMt5Family,
        &kBartFamily,   &kMbartFamily,      &kMarianFamily,     &kPegasusFamily};
    return kFamilies;
}

Result<const FamilyDescriptor*> findFamily(const ModelConfig& config) {
    std::string known;
    for (const auto* family : families()) {
        if (family->info.modelType == config.modelType()) return family;
        known += (known.empty() ? "" : ", ") + family->info.modelType;
    }
    return unsupported("models of type '" + config.modelType() + "' cannot be run", config.path().string(),
                       "Known types: " + known + ". A saved session of any model opens.");
}

}  // namespace attnviz
