// A layerable of the heatmap that paints by a member function of the view: tokens, bars, hover marks. Private
// to heatmap_view.cpp and heatmap_painting.cpp.
#pragma once

#include "ui/widgets/heatmap_view.h"

namespace attnviz::ui {

class HeatmapView::Painted final : public QCPLayerable {
 public:
    using Paint = void (HeatmapView::*)(QCPPainter&);
    Painted(HeatmapView& view, const QString& layer, Paint paint)
        : QCPLayerable(&view, layer), m_view(view), m_paint(paint) {}

 protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(false); }
    void draw(QCPPainter* painter) override { (m_view.*m_paint)(*painter); }

 private:
    HeatmapView& m_view;
    Paint m_paint;
};

}  // namespace attnviz::ui
